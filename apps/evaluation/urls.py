"""Addresses below /compare/."""

from django.urls import path

from apps.evaluation import set_views, shadow_views, views

app_name = "evaluation"
urlpatterns = [
    path("", views.index, name="index"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/progress/", views.progress, name="progress"),
    path("<int:pk>/photo/<int:number>/<int:part>/", views.photo, name="photo"),
    path("sets/", set_views.index, name="sets"),
    path("sets/<int:pk>/delete/", set_views.delete, name="delete-set"),
    path("shadow/", shadow_views.start, name="start-shadow"),
    path("shadow/<int:pk>/stop/", shadow_views.stop, name="stop-shadow"),
    path("shadow/<int:pk>/reset/", shadow_views.reset, name="reset-shadow"),
]
